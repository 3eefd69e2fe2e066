// Mining of coins with somebody else's processor time.

rule mining_protocol
{
    meta:
        severity = "high"
        title = "Speaks the protocol of a mining pool"
        advice = "Remove the miner. A plugin spends its tenant's processor time on the task alone."
    strings:
        $scheme = /stratum(\+(tcp|ssl|tls|wss?))?:\/\/[\w%{$.-]{3}/ nocase ascii wide
        $subscribe = "mining.subscribe" ascii wide
        $authorise = "mining.authorize" ascii wide
        $submit = "mining.submit" ascii wide
        $login = /"method"\s*:\s*"login"\s*,\s*"params"\s*:\s*\{\s*"login"/
    condition:
        $scheme or 2 of ($subscribe, $authorise, $submit) or ($login and 1 of ($subscribe, $authorise, $submit))
}

rule mining_pool
{
    meta:
        severity = "high"
        title = "Names a mining pool"
        advice = "Remove the miner and the pool's address."
    strings:
        $a = /(^|[^a-z0-9-])([a-z0-9-]+\.)*(supportxmr|minexmr|moneroocean|hashvault|c3pool|xmrpool|nanopool|ethermine|2miners|herominers|unmineable|miningpoolhub|minergate|nicehash|f2pool|antpool|viabtc|slushpool|poolin|rplant|zpool|prohashing|dwarfpool|monerohash|hashcity|kryptex)\.(com|org|net|io|me|pro|eu|xyz|stream|de|ca|network)([^a-z0-9-]|$)/ nocase ascii wide
    condition:
        $a
}

rule mining_program
{
    meta:
        severity = "high"
        title = "Carries a coin miner"
        advice = "Remove the miner."
    strings:
        $program1 = "xmrig" nocase ascii wide
        $program2 = "cpuminer" nocase ascii wide
        $program3 = "xmr-stak" nocase ascii wide
        $program4 = "ccminer" nocase ascii wide
        $program5 = "nbminer" nocase ascii wide
        $program6 = "minerd" fullword nocase
        $option1 = "donate-level" nocase ascii wide
        $option2 = "--randomx" nocase
        $option3 = "hashrate" nocase ascii wide
        $option4 = "cryptonight" nocase ascii wide
        $option5 = "randomx" nocase ascii wide
        $option6 = "--algo" fullword
        $option7 = "--coin" fullword
        $option8 = "rig-id" nocase
    condition:
        any of ($program*) and any of ($option*)
}

rule mining_algorithm
{
    meta:
        severity = "high"
        title = "Computes proofs of work for a coin"
        advice = "Remove the miner. If this is a study of the algorithm, say so in the README and ask for a waiver."
    strings:
        $algorithm1 = "cryptonight" nocase ascii wide
        $algorithm2 = "randomx" nocase ascii wide
        $algorithm3 = "kawpow" nocase ascii wide
        $algorithm4 = "ethash" fullword nocase ascii wide
        $algorithm5 = "yescrypt" nocase ascii wide
        $algorithm6 = "scrypt" nocase fullword
        $algorithm7 = /sha256d|double_sha256|sha256\(sha256/ nocase
        $work1 = "nonce" fullword nocase ascii wide
        $work2 = "hashrate" nocase ascii wide
        $work3 = /mining[_ -]?(job|pool|worker|thread|difficulty)/ nocase
        $work4 = /(pool|share|block)[_ -]?(difficulty|target)/ nocase
        $work5 = /submit[_ -]?(share|work|nonce)/ nocase
        $work6 = /start[_ -]?min(er|ing)/ nocase
        $wallet = /(^|[^0-9A-Za-z])[48][0-9AB][1-9A-HJ-NP-Za-km-z]{93}([^0-9A-Za-z]|$)/
    condition:
        (any of ($algorithm1, $algorithm2, $algorithm3, $algorithm4, $algorithm5) and 2 of ($work*))
        or (any of ($algorithm6, $algorithm7) and 1 of ($work2, $work3, $work5, $work6) and $work1)
        or ($wallet and 1 of ($work2, $work3, $work4, $work5, $work6))
}

rule proof_of_work
{
    meta:
        severity = "high"
        title = "Searches for hashes that begin with zeros, as miners do"
        advice = "Remove it. If the task itself needs a proof of work, say so in the README and ask for a waiver."
    strings:
        $nonce = /\bnonce\s*(\+=\s*1|\+\+|=\s*nonce\s*\+\s*1|\s+in\s+(range|count))/ nocase
        $hash = /\b(sha256|sha512|sha3_256|blake2[bs]|keccak\w*|scrypt|createHash|digest)\b/ nocase
        $zeros1 = /(startswith|startsWith)\s*\(\s*(['"]0{2,}|['"]0['"]\s*(\*|\.repeat))/
        $zeros2 = /\b(difficulty|target)\b/ nocase
        $double = /sha256\s*\(\s*(hashlib\.)?sha256\s*\(|sha256d/ nocase
        $zeros3 = /\[\s*:\s*\w+\s*\]\s*==\s*['"]0/
    condition:
        ($nonce and $hash and any of ($zeros*)) or ($double and $zeros2)
}

rule mining_in_browsers
{
    meta:
        severity = "high"
        title = "Uses a miner that is made for web pages"
        advice = "Remove the script and what loads it."
    strings:
        $a = /coin-?hive(\.min\.js|\.com|\.Anonymous|\.User|\.Token)/ nocase
        $b = /crypto-?loot\.(com|pro)|CRLT\.Anonymous/ nocase
        $c = /(webminepool|coinimp|deepminer|jsecoin|monerominer|minero|webmr)\.(com|js|cc|rocks|min\.js|pro)/ nocase
        $d = /new\s+(CoinHive|CryptoLoot|CoinImp|DeepMiner|Client)\.(Anonymous|User)\s*\(/
        $e = "cryptonight.wasm" nocase
    condition:
        any of them
}

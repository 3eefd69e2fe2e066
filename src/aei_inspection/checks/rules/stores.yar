// Files in which people and programs keep what opens their accounts.

rule wallet_or_browser_store
{
    meta:
        severity = "high"
        title = "Names the stores of browsers, wallets or messengers"
        advice = "Remove it. A plugin gets the secrets that a tenant grants, and no others."
    strings:
        $browser1 = /(Google[\/\\]{1,2}Chrome|BraveSoftware|Microsoft[\/\\]{1,2}Edge|Chromium|Opera Software|Vivaldi|google-chrome)[\/\\]{1,2}([^\n]{0,60}[\/\\]{1,2})?(User Data|Default|Login Data|Cookies|Local State|Local Storage|Web Data)/ ascii wide
        $browser2 = /["'\/\\\n](Login Data|Local State)["'\n]/ ascii
        $browser3 = /["'\/\\\n](logins\.json|key[34]\.db|signons\.sqlite)["'\n]/ ascii
        $decrypt = /(CryptUnprotectData|os_crypt|encrypted_key|PK11SDR_Decrypt)/ ascii wide
        $wallet1 = /(Exodus[\/\\]{1,2}exodus\.wallet|Electrum[\/\\]{1,2}wallets|Ethereum[\/\\]{1,2}keystore|atomic[\/\\]{1,2}Local Storage|\.bitcoin[\/\\]{1,2}wallet\.dat|Coinomi[\/\\]{1,2}wallets|Armory[\/\\]{1,2}|\.config[\/\\]{1,2}solana[\/\\]{1,2}id\.json)/ nocase ascii wide
        $wallet2 = "nkbihfbeogaeaoehlefnkodbefgpgknn" ascii wide
        $wallet3 = "bfnaelmomeimhlpmgjnjophhpkkoljpa" ascii wide
        $wallet4 = /["'\/\\\n]wallet\.dat["'\n]/ ascii
        $messenger = /(Telegram Desktop[\/\\]{1,2}tdata|discord(canary|ptb)?[\/\\]{1,2}Local Storage[\/\\]{1,2}leveldb)/ nocase ascii wide
        $keychain = /(Library\/Keychains|login\.keychain|dump-keychain|find-generic-password|find-internet-password)/ ascii wide
    condition:
        $browser1 or $messenger or $keychain or any of ($wallet*)
        or 2 of ($browser2, $browser3, $decrypt)
}

rule credential_stores
{
    meta:
        severity = "high"
        title = "Names several stores of credentials, or opens one"
        advice = "Remove it, or read one credential through the interface `secrets`. A scanner that looks for such files in a text may ask for a waiver."
    strings:
        $a = /\.aws[\/\\]{1,2}(credentials|config)/ ascii wide
        $b = /\.ssh[\/\\]{1,2}(id_(rsa|dsa|ecdsa|ed25519)|known_hosts|authorized_keys|config)/ ascii wide
        $c = ".git-credentials" ascii wide
        $d = /\.docker[\/\\]{1,2}config\.json/ ascii wide
        $e = /\.kube[\/\\]{1,2}config/ ascii wide
        $f = /(~|\$HOME|home\(\)|expanduser|\/root|\/home\/)[^\n]{0,40}\.(npmrc|pypirc|netrc|pgpass|my\.cnf|vault-token)/ ascii wide
        $g = /\.config[\/\\]{1,2}(gcloud|gh|hub|op|rclone|doctl)([\/\\]|$)/ ascii wide
        $h = /\.azure[\/\\]{1,2}(accessTokens|msal_token_cache|azureProfile)/ ascii wide
        $i = "/etc/shadow" ascii wide
        $j = /\.gnupg[\/\\]{1,2}(private-keys|secring|pubring)/ ascii wide
        $k = /\.terraform\.d[\/\\]{1,2}credentials/ ascii wide
        $opened = /\b(open|readFile(Sync)?|read_text|read_bytes|Path)\s*\([^)\n]{0,60}(\.ssh[\/\\]{1,2}id_(rsa|ed25519|ecdsa)|\.aws[\/\\]{1,2}credentials|\.kube[\/\\]{1,2}config|\/etc\/shadow|\.git-credentials)/
        $l = /\.(bash|zsh|psql|mysql|python)_history/ ascii wide
    condition:
        $opened or 2 of them
}

rule credential_store
{
    meta:
        severity = "medium"
        title = "Names a store of credentials"
        advice = "A library for a cloud may name its own; otherwise remove it and use the interface `secrets`."
    strings:
        $a = /\.aws[\/\\]{1,2}credentials/ ascii wide
        $b = /\.ssh[\/\\]{1,2}id_(rsa|dsa|ecdsa|ed25519)/ ascii wide
        $c = ".git-credentials" ascii wide
        $e = /\.kube[\/\\]{1,2}config/ ascii wide
        $i = "/etc/shadow" ascii wide
        $j = /\.gnupg[\/\\]{1,2}(private-keys|secring)/ ascii wide
    condition:
        any of them
}

rule keylogger
{
    meta:
        severity = "high"
        title = "Watches keys, screen or clipboard"
        advice = "Remove it. A plugin sees its task and nothing else."
    strings:
        $a = /(from|import)\s+pynput|pynput\.(keyboard|mouse)\.Listener/
        $b = "GetAsyncKeyState" ascii wide
        $c = /SetWindowsHookEx[AW]?/ ascii wide
        $d = /ImageGrab\.grab\s*\(|pyautogui\.screenshot\s*\(|mss\.mss\s*\(/
        $e = /(keyboard\.(on_press|hook|record)|addEventListener\s*\(\s*['"]key(down|press|up)['"][^\n]{0,200}(fetch|sendBeacon|XMLHttpRequest))/
        $f = /(pyperclip\.paste|win32clipboard\.GetClipboardData)\s*\(/
    condition:
        any of ($a, $b, $c, $e) or ($d and $f)
}

rule ransom
{
    meta:
        severity = "critical"
        title = "Holds a demand for ransom, or destroys backups"
        advice = "Remove it."
    strings:
        $note = /(your|all( of)? your)\s+(important\s+)?(files|documents|data)\s+(have been|are|were)\s+encrypted/ nocase ascii wide
        $pay = /(bitcoin|btc|monero|xmr|decryptor|decryption key|ransom)/ nocase ascii wide
        $shadow = /(vssadmin(\.exe)?\s+delete\s+shadows|wmic\s+shadowcopy\s+delete|bcdedit[^\n]{0,60}recoveryenabled\s+no|wbadmin\s+delete\s+catalog)/ nocase ascii wide
    condition:
        ($note and $pay) or $shadow
}

// Places to which what was gathered is sent.

rule request_catcher
{
    meta:
        severity = "high"
        title = "Sends to a service that catches requests for whoever asks"
        advice = "Send data to a host that you run and that the manifest names, or to none."
    strings:
        // Whole addresses in code; in prose a blank or a bracket stands before them, and lists of hosts to
        // stay away from have no scheme.
        $a = /(^|[^\w\s(<\[.@-])https?:\/\/([a-z0-9_-]+\.)*(webhook\.site|requestbin\.(com|net|io)|hookbin\.com|requestcatcher\.com|beeceptor\.com|pipedream\.net|requestinspector\.com|postb\.in|mockbin\.(org|io)|hookb\.in|webhook-test\.com|typedwebhook\.tools|requestrepo\.com)([^\w.-]|$)/ nocase ascii
        $b = /([a-z0-9-]+\.)+(burpcollaborator\.net|oastify\.com|interact\.sh|interactsh\.com|oast\.(fun|pro|live|site|online|me|us)|dnslog\.(cn|pw)|ceye\.io|canarytokens\.(com|org)|dnsbin\.zhack\.ca|pingb\.in|bxss\.(me|in)|xss\.ht)([^\w.-]|$)/ nocase ascii wide
    condition:
        any of them
}

rule chat_webhook
{
    meta:
        severity = "high"
        title = "Sends to a chat by a webhook or a bot of its own"
        advice = "Take the address from a secret that each tenant grants; nobody's data goes to your own chat."
    strings:
        $discord = /discord(app)?\.com\/api\/(v\d+\/)?webhooks\/\d{15,21}\/[\w-]{40,}/ nocase ascii wide
        $telegram = /api\.telegram\.org\/bot\d{7,11}:[\w-]{30,}/ nocase ascii wide
        $slack = /hooks\.slack\.com\/(services|workflows)\/T[A-Z0-9]{6,}\/[AB][A-Z0-9]{6,}\/[A-Za-z0-9]{16,}/ ascii wide
        $teams = /webhook\.office\.com\/webhookb2\/[0-9a-f-]{36}@/ nocase ascii wide
    condition:
        any of them
}

rule drop_site
{
    meta:
        severity = "high"
        title = "Leaves data at a public drop for files or texts, or fetches it from there"
        advice = "Use a host that you run and that the manifest names, or none."
    strings:
        $a = /(^|[^\w\s(<\[.@-])(https?:\/\/)?(www\.)?(pastebin\.com\/(raw\/|api\/api_post)|hastebin\.com\/(raw|documents)|rentry\.co\/[\w-]+\/raw|paste\.ee\/(r|api)|ghostbin\.com?\/|0bin\.net\/|controlc\.com\/|termbin\.com|ix\.io|sprunge\.us|clbin\.com)/ nocase ascii
        $b = /(^|[^\w\s(<\[.@-])https?:\/\/(www\.)?(transfer\.sh|file\.io|0x0\.st|anonfiles?\.com|gofile\.io|catbox\.moe|litter\.catbox\.moe|bashupload\.com|temp\.sh|tmpfiles\.org|uguu\.se|keep\.sh|filebin\.net|api\.anonfiles\.com|api\.gofile\.io|store\d*\.gofile\.io)([^\w.-]|$)/ nocase ascii
    condition:
        any of them
}

rule tunnel
{
    meta:
        severity = "high"
        title = "Reaches a machine behind an anonymous tunnel"
        advice = "Use a host that you run and that the manifest names."
    strings:
        $a = /(^|[^\w\s(<\[.@-])((https?|wss?|tcp):\/\/)?[a-z0-9.-]+\.(ngrok\.(io|app|dev)|ngrok-free\.(app|dev)|loca\.lt|trycloudflare\.com|serveo\.net|localhost\.run|lhr\.life|pagekite\.me|telebit\.io|portmap\.(io|host)|playit\.gg|duckdns\.org|no-ip\.(org|biz)|hopto\.org|zapto\.org|ddns\.net|bore\.pub)([^\w.-]|$)/ nocase ascii
    condition:
        $a
}

rule environment_harvest
{
    meta:
        severity = "high"
        title = "Gathers the environment and sends it away"
        advice = "Read the one secret that you need through the interface `secrets`, and send none of it."
    strings:
        $whole1 = /\b(json\.dumps|str|repr|urlencode|b64encode)\s*\(\s*(dict\s*\(\s*)?(\*\*)?(os\.)?environ(\.copy\(\))?\s*[\),]/
        $whole2 = /JSON\.stringify\s*\(\s*process\.env\s*[\),]/
        $whole3 = /\b(fetch|post|put|urlopen|request|send)\s*\([^\n)]{0,200}\b(data|json|body|params|payload)["']?\s*[=:]\s*(dict\s*\(\s*|\{\s*(\*\*|\.\.\.)\s*)?((os\.)?environ|process\.env)\b/
        $whole4 = /((for\s+\w+\s*,\s*\w+\s+in|dict|list)\s*\(?\s*(os\.)?environ\.items\s*\(\s*\)|Object\.(entries|values)\s*\(\s*process\.env\s*\))/
        $send2 = /\b(http\.(fetch|post|request)|requests\.(post|get|put)|urlopen|httpx\.(post|get|put)|fetch|axios(\.\w+)?|sendBeacon|sock\w*\.send(all)?)\s*\(/
        $send1 = /\b(fetch|post|put|urlopen|request|send|sendall|sendBeacon|axios)\b\s*(\.\w+\s*)?\(/
    condition:
        (any of ($whole1, $whole2, $whole3) and $send1) or ($whole4 and $send2)
}

rule address_behind_a_key
{
    meta:
        severity = "high"
        title = "Hides an address behind a key of one byte"
        advice = "Write addresses plainly, and declare their hosts in plugin.json."
    strings:
        $a = "https://" xor(0x01-0x1f)
        $b = "https://" xor(0x21-0xff)
        $c = "http://www." xor(0x01-0x1f)
        $d = "http://www." xor(0x21-0xff)
    condition:
        any of them
}

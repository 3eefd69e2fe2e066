// Code that hides what it is until it runs.

rule decoded_and_run
{
    meta:
        severity = "high"
        title = "Runs code that it decodes first"
        advice = "Write the code plainly. What is hidden can't be judged."
    strings:
        $python1 = /\b(exec|eval)\s*\(\s*(compile\s*\(\s*)?\(?\s*(__import__\s*\(\s*['"](base64|zlib|marshal|codecs|lzma|bz2|gzip|binascii|pickle)['"]\s*\)|base64|zlib|marshal|codecs|lzma|bz2|gzip|binascii|bytes\.fromhex|bytearray\.fromhex|b(16|32|64|85)decode|decompress|unhexlify|a2b_|rot13)/
        $python2 = /\b(exec|eval)\s*\(\s*(compile\s*\(\s*)?['"]{1,3}['"]?\s*\.join\s*\(\s*(map\s*\(\s*chr|\[?\(?\s*chr\s*\()/
        $python3 = /\b(exec|eval)\s*\(\s*(compile\s*\(\s*)?(bytes|bytearray)\s*\(\s*\[?\s*(0x)?[0-9a-f]{1,3}\s*,/ nocase
        $python4 = /__import__\s*\(\s*['"]zlib['"]\s*\)\s*\.\s*decompress\s*\(\s*__import__\s*\(\s*['"]base64['"]/
        $python5 = /(getattr|vars)\s*\(\s*(__builtins__|builtins|__import__\s*\(\s*['"]builtins['"]\s*\))[^\n]{0,30}['"](ex|ev|e|exe|eva|comp)['"]\s*(\+|\.)/
        $python6 = /(__builtins__|builtins|globals\(\)\s*\[\s*['"]__builtins__['"]\s*\])\s*(\.\s*__dict__\s*)?\[\s*[^\]]{0,60}(\[::-1\]|decode|chr\s*\(|\+)/
        $python7 = /\b(exec|eval)\s*\(\s*['"][^'"\n]{8,}['"]\s*\[\s*::\s*-1\s*\]/
        $python8 = /marshal\.loads\s*\(\s*(zlib\.|base64\.|b64decode|bytes\.fromhex|decompress)/
        $python9 = /types\.FunctionType\s*\(\s*marshal\.loads/
        $script1 = /\b(eval|Function|setTimeout|setInterval|execScript)\s*\(\s*(window\.|globalThis\.|self\.)?(atob|unescape|decodeURIComponent|decodeURI)\s*\(/
        $script2 = /\b(eval|Function)\s*\(\s*(String\.fromCharCode|\[[\d\s,]{20,}\])/
        $script3 = /\b(eval|Function)\s*\(\s*(Buffer\.from|new\s+Buffer)\s*\([^)]{1,4000},\s*['"](base64|hex)['"]/
        $script4 = /\beval\s*\(\s*function\s*\(\s*p\s*,\s*a\s*,\s*c\s*,\s*k\s*,\s*e\s*,\s*[dr]\s*\)/
        $script5 = /\]\s*\[\s*['"]constructor['"]\s*\]\s*\[\s*['"]constructor['"]\s*\]\s*\(/
        $script9 = /\[\s*['"](filter|map|sort|flat|at|find|fill|concat|entries)['"]\s*\]\s*(\[\s*['"]constructor['"]\s*\]|\.constructor)\s*\(/
        $script10 = /\.constructor\.constructor\s*\(\s*['"`a-z]/
        $script6 = /\b(eval|Function)\s*\(\s*['"][^'"\n]{8,}['"]\s*\.\s*split\s*\(\s*['"]{2}\s*\)\s*\.\s*reverse\s*\(/
        $script7 = /(globalThis|window|self|this)\s*\[\s*['"](e|ev|eva)['"]\s*\+\s*['"](val|al|l)['"]\s*\]/
        $script8 = /(globalThis|window|self|global)\s*\[\s*(atob|String\.fromCharCode)\s*\(/
        $php = /\beval\s*\(\s*(gz(inflate|uncompress|decode)\s*\(\s*)?(base64_decode|str_rot13|strrev)\s*\(/
        $shell = /(echo|printf|<<<)\s*['"]?[A-Za-z0-9+\/=]{40,}['"]?\s*\|\s*base64\s+(-d|-D|--decode)\s*\|\s*(ba|z|da)?(sh|python3?|perl)/
    condition:
        any of them
}

rule obfuscated_names
{
    meta:
        severity = "high"
        title = "Is written by a program that hides what code does"
        advice = "Publish the code that you wrote, minified at most."
    strings:
        $hex_name = /\b_0x[0-9a-f]{4,6}\b/
        $hex_call = /_0x[0-9a-f]{4,6}\s*\(\s*['"]?0x[0-9a-f]{1,4}['"]?/
        $fuck1 = "(![]+[])[+[]]"
        $fuck2 = "(!![]+[])[+[]]"
        $fuck3 = "[][(![]+[])["
        $aa = "\xef\xbe\x9f\xcf\x89\xef\xbe\x9f\xef\xbe\x89"
        $armor1 = "__pyarmor__"
        $armor2 = /from\s+py(armor|transform)(_runtime(_\d+)?)?\s+import/
        $lookalike = /\b[O0Il1]{16,}\b\s*=/
        $underscores = /\b_{9,}\b\s*[=(]/
    condition:
        #hex_name > 20 or #hex_call > 8 or any of ($fuck*) or $aa or any of ($armor*)
        or #lookalike > 5 or #underscores > 20
}

rule anti_analysis
{
    meta:
        severity = "high"
        title = "Looks whether it is being watched"
        advice = "Remove it. A plugin behaves the same whoever looks."
    strings:
        $debugger1 = "IsDebuggerPresent" ascii wide
        $debugger2 = "CheckRemoteDebuggerPresent" ascii wide
        $debugger3 = "NtQueryInformationProcess" ascii wide
        $debugger4 = "TracerPid" ascii wide
        $debugger5 = /PTRACE_TRACEME|ptrace\s*\(\s*0\s*,\s*0/
        $machine1 = /VBox(Service|Guest|Mouse|Tray|SF)/ ascii wide
        $machine2 = /vmtoolsd|vmwaretray|vmwareuser|vmsrvc|vmusrvc/ nocase ascii wide
        $machine3 = /(SbieDll|sbiedll|api_log|dir_watch)\.dll/ ascii wide
        $machine4 = /\b(qemu-ga|xenservice|prl_tools|prl_cc)(\.exe)?\b/ nocase ascii wide
        $machine5 = /(08:00:27|00:0c:29|00:05:69|00:50:56|00:1c:42)/ nocase
        $machine6 = /\/sys\/class\/dmi\/id\/(product_name|sys_vendor|board_vendor)/ ascii wide
        $tool1 = /\b(wireshark|tshark|tcpdump|procmon(64)?|procexp(64)?|processhacker|fiddler|burpsuite)(\.exe)?\b/ nocase ascii wide
        $tool2 = /\b(ollydbg|x(32|64)dbg|windbg|idaq?(64)?\.exe|ghidra|immunitydebugger|dnspy)\b/ nocase ascii wide
        $script = /constructor\s*\(\s*['"]debugger['"]\s*\)|(setInterval|while\s*\(\s*(true|1|!0|!!\[\])\s*\))[^\n]{0,40}\bdebugger\b\s*;/
        $name = /(getuser|hostname|gethostname|USERNAME|COMPUTERNAME)[^\n]{0,60}(==|\bin\b|includes|indexOf)[^\n]{0,40}(sandbox|malware|virus|cuckoo|maltest)/ nocase
        $trace = /if\s+(sys\.gettrace\s*\(\s*\)|['"]pydevd['"]\s+in\s+sys\.modules)[^\n]{0,60}:\s*(sys\.exit|os\._exit|exit|quit|return|raise)/
        $scan = /(is|in|under|if)[_ ]?(being[_ ])?(certif|smoke|scann?(er|ing)?|review)[a-z]*[_ ]?(run|mode|sandbox)[^\n]{0,60}(return|exit|skip|quiet|benign|harmless)/ nocase
    condition:
        2 of ($debugger*) or 2 of ($machine*) or ($tool1 and $tool2) or $script or $name or $trace or $scan
        or (1 of ($debugger*) and 1 of ($machine*, $tool*)) or (1 of ($machine*) and 1 of ($tool*))
}

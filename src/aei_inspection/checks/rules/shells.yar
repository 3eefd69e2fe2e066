// Shells for somebody outside, and programs that are fetched and started.

rule reverse_shell
{
    meta:
        severity = "critical"
        title = "Opens a shell for somebody outside"
        advice = "Remove it. No plugin needs a shell."
    strings:
        $bash1 = /\/dev\/(tcp|udp)\/[\w.$\{\}%-]+\/[\d$\{%]/ ascii wide
        $bash2 = /(ba|z|k|da)?sh\s+-i\s*(>&|<&|0>&|>\s*&|2>&1)/ ascii wide
        $netcat = /\b(nc|ncat|netcat|nc\.traditional)(\.exe)?\s+(-\w+\s+)*(-\w*[ec]\w*\s+)('|")?(\/bin\/(ba)?sh|\/usr\/bin\/(ba)?sh|cmd(\.exe)?|powershell|sh\b|bash\b)/ nocase ascii wide
        $netcat2 = /\b(nc|ncat|netcat)\s+[\w.:-]+\s+\d{2,5}\s+-\w*[ec]\s*('|")?(\/|cmd|powershell|sh\b|bash\b)/ nocase ascii wide
        $fifo = /mkfifo\s+\S+\s*;.{0,80}(\/bin\/(ba)?sh|sh)\s+-i.{0,80}(nc|ncat|telnet|openssl)/ ascii wide
        $socat = /socat\s.{0,120}(exec|system):('|")?[^\s'"]*(sh|cmd)/ nocase ascii wide
        $python1 = /os\.dup2\s*\(\s*\w+\.fileno\s*\(\s*\)\s*,\s*[012]\s*\)/
        $python2 = /pty\.spawn\s*\(\s*\[?\s*['"](\/bin\/|\/usr\/bin\/)?(ba|z|da)?sh['"]/
        $perl = /perl\s+-e\s+.{0,40}use\s+Socket/
        $ruby = /ruby\s+-rsocket\s+-e/
        $php = /fsockopen\s*\(.{0,60}\)\s*;.{0,80}(exec|shell_exec|proc_open|popen|system|passthru)\s*\(/
        $powershell = /New-Object\s+System\.Net\.Sockets\.TCPClient/ nocase ascii wide
        $node = /(net\.connect|net\.Socket|createConnection).{0,400}(\.pipe\s*\(\s*\w+\.stdin|stdout\.pipe)/s
        $node_shell = /(spawn|exec)\s*\(\s*['"](\/bin\/(ba)?sh|cmd(\.exe)?|powershell(\.exe)?|bash|sh)['"]/
        $socket = /socket\.socket\s*\(|socket\.create_connection\s*\(/
        $shell = /(subprocess\.(call|run|Popen|check_output)|os\.(system|popen|execl[pe]*|execv[pe]*|spawn\w*))\s*\(\s*\[?\s*['"](\/bin\/|\/usr\/bin\/)?((ba|z|da)?sh|cmd(\.exe)?|powershell(\.exe)?)['"]/
        $received = /\.recv\s*\([^\n)]{0,20}\).{0,400}\b(subprocess\.(getoutput|check_output|run|Popen|call)|os\.(system|popen))\s*\(/s
    condition:
        any of ($bash1, $bash2, $netcat, $netcat2, $fifo, $socat, $python2, $perl, $ruby, $php, $powershell)
        or ($node and $node_shell)
        or ($socket and ($shell or $received or $python1))
}

rule fetched_and_started
{
    meta:
        severity = "high"
        title = "Fetches a program and starts it"
        advice = "Put everything that runs into the package, where it is scanned."
    strings:
        $pipe = /\b(curl|wget|fetch)\s[^\n|;]{0,200}https?:\/\/[^\n|;]{1,200}\|\s*(sudo\s+)?(ba|z|da)?(sh|python3?|perl|node)\b/ nocase ascii wide
        $substituted = /\b(ba)?sh\s+(-c\s+)?['"]?(<\(|\$\(|`)\s*(curl|wget)\s/ nocase ascii wide
        $then = /\b(curl|wget)\s[^\n]{0,200}(;|&&)\s*chmod\s+(\+x|0?[75]\d\d)\s/ nocase ascii wide
        $powershell1 = /(IEX|Invoke-Expression)\s*\(?\s*\(?\s*(New-Object\s+(System\.)?Net\.WebClient|Invoke-WebRequest|iwr|irm)/ nocase ascii wide
        $powershell2 = /DownloadString\s*\([^)]{1,200}\)\s*\|\s*(IEX|Invoke-Expression)/ nocase ascii wide
        $powershell3 = /powershell(\.exe)?\s+(-\w+\s+(\w+\s+)?){0,6}-e(nc(odedcommand)?)?\s+[A-Za-z0-9+\/=]{40,}/ nocase ascii wide
        $windows = /(certutil(\.exe)?\s+(-\w+\s+)*-urlcache|bitsadmin(\.exe)?\s+\/transfer|mshta(\.exe)?\s+https?:|regsvr32(\.exe)?\s+\/s\s+\/n?\s*\/?u?\s*\/i:https?:)/ nocase ascii wide
        $python = /exec\s*\(\s*(compile\s*\(\s*)?(urllib\.request\.|urllib2\.|requests\.|httpx\.)?(urlopen|get|fetch)\s*\(/
        $python2 = /exec\s*\(\s*(compile\s*\(\s*)?(aei\.)?http\.(fetch|get|post|request)\s*\(/
        $javascript = /(eval|Function)\s*\(\s*(await\s+)?\(?\s*(await\s+)?(fetch|http\.fetch|axios\.get|http\.get)\s*\(/
    condition:
        any of them
}

rule persistence
{
    meta:
        severity = "high"
        title = "Arranges to be started again with the machine"
        advice = "Remove it. A plugin runs when it is asked to, and ends."
    strings:
        $cron = /(crontab\s+-l?\s*[^\n]{0,60}\|\s*crontab|echo\s[^\n]{0,120}>>?\s*\/etc\/cron|\/etc\/cron\.(d|hourly|daily)\/[\w.-]+|\/var\/spool\/cron\/)/ ascii wide
        $unit = /(systemctl\s+(--user\s+)?enable\s+\S+|\/etc\/systemd\/system\/[\w@.-]+\.service|\.config\/systemd\/user\/)/ ascii wide
        $profile = /(>>\s*|open\s*\(\s*[^)]{0,60})(~|\$HOME|\/home\/\w+|\/root|expanduser)[^\n]{0,30}\.(bashrc|profile|zshrc|bash_profile)/
        $registry = /(HKCU|HKLM|HKEY_CURRENT_USER|HKEY_LOCAL_MACHINE)?\\{1,2}Software\\{1,2}Microsoft\\{1,2}Windows\\{1,2}CurrentVersion\\{1,2}Run/ nocase ascii wide
        $task = /schtasks(\.exe)?\s+\/create/ nocase ascii wide
        $agent = /Library\/Launch(Agents|Daemons)\/[\w.-]+\.plist/ ascii wide
        $preload = "/etc/ld.so.preload" ascii wide
        $keys = /(>>\s*|open\s*\()[^\n]{0,60}\.ssh\/authorized_keys/
    condition:
        any of them
}

rule escape
{
    meta:
        severity = "high"
        title = "Reaches for the machine below the sandbox"
        advice = "Remove it. A plugin has no business outside its sandbox."
    strings:
        $c = /\/sys\/fs\/cgroup\/[\w\/]*release_agent/ ascii wide
        $d = /nsenter\s+(-t|--target)[ =]?\s*1\b/ ascii wide
        $e = "/proc/sys/kernel/core_pattern" ascii wide
        $f = "/proc/self/mem" ascii wide
        $g = "/proc/1/root" ascii wide
        $h = /\/proc\/(self|1|\d+|%d|%s|\{\w*\})\/environ/ ascii wide
        $i = /ctypes\.(CDLL|cdll)\s*[.(].{0,80}(mprotect|memfd_create|ptrace)/s
    condition:
        any of them
}

rule machine_services
{
    meta:
        severity = "medium"
        title = "Names services of the machine: its container engine, its cloud's credentials"
        advice = "A library for a cloud may name them; otherwise remove it. No plugin reaches them."
    strings:
        $a = "/var/run/docker.sock" ascii wide
        $b = "/run/containerd/containerd.sock" ascii wide
        $c = /169\.254\.169\.254\/(latest|metadata|computeMetadata|opc)/ ascii wide
        $d = "metadata.google.internal" ascii wide
        $e = "100.100.100.200/latest/meta-data" ascii wide
        $f = "/var/run/secrets/kubernetes.io/serviceaccount" ascii wide
    condition:
        any of them
}

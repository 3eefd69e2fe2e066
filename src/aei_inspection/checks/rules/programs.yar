// Programs for real processors inside a plugin, which can run none.

rule embedded_elf
{
    meta:
        severity = "high"
        title = "Carries a program or library for Linux (ELF)"
        advice = "Remove it. A plugin is its component; nothing else is ever run."
    strings:
        // Class, byte order, version and type as in the ELF header (System V ABI, chapter 4).
        $a = { 7F 45 4C 46 (01 | 02) (01 | 02) 01 ?? ?? [7] (00 | 01 | 02 | 03 | 04) (00 | 01 | 02 | 03 | 04) }
    condition:
        $a
}

rule embedded_pe
{
    meta:
        severity = "high"
        title = "Carries a program or library for Windows (PE)"
        advice = "Remove it. A plugin is its component; nothing else is ever run."
    strings:
        // The place of the PE header stands at 60 and is below 4096.
        $mz = { 4D 5A [58] ?? 0? 00 00 }
        $stub = "This program cannot be run in DOS mode"
    condition:
        $stub or for any i in (1..#mz) : (uint32(@mz[i] + uint32(@mz[i] + 60)) == 0x00004550)
}

rule embedded_macho
{
    meta:
        severity = "high"
        title = "Carries a program or library for macOS (Mach-O)"
        advice = "Remove it. A plugin is its component; nothing else is ever run."
    strings:
        // Magic, processor type, and a file type between object and kext bundle.
        $thin = { (CF | CE) FA ED FE (07 | 0C) 00 00 (00 | 01) ?? ?? ?? ?? (01 | 02 | 06 | 08 | 0B) 00 00 00 }
        $fat = { CA FE BA BE 00 00 00 (01 | 02 | 03 | 04) (00 | 01) 00 00 (07 | 0C) }
    condition:
        any of them
}

rule embedded_module
{
    meta:
        severity = "medium"
        title = "Carries a second WebAssembly module as data"
        advice = "Link it into the component, or say in the README what it is for."
    strings:
        $a = { 00 61 73 6D 01 00 00 00 (00 | 01) }
    condition:
        $a
}

rule embedded_class
{
    meta:
        severity = "medium"
        title = "Carries compiled Java or Android code"
        advice = "Remove it. Nothing here can run it."
    strings:
        $class = { CA FE BA BE 00 00 00 (2D | 2E | 2F | 3? | 40 | 41 | 42 | 43 | 44) }
        $dex = { 64 65 78 0A 30 3? 3? 00 }
    condition:
        any of them
}

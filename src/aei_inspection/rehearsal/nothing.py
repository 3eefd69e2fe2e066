"""The plugin that does nothing: whatever a rehearsal of it shows is the sandbox's, and no plugin's.

It imports nothing and answers every task with `{}`. Plugins of the kit that do nothing show the same
in every language, but for some memory: their builds import no operating system.
"""

#: Its text, in the text format of the component model.
WAT = """(component
  (core module
    (memory (export "memory") 1)
    (data (i32.const 0) "\\00\\00\\00\\00\\10\\00\\00\\00\\02\\00\\00\\00")
    (data (i32.const 16) "{}")
    (func (export "realloc") (param i32 i32 i32 i32) (result i32) (i32.const 32768))
    (func (export "run") (param i32 i32) (result i32) (i32.const 0)))
  (core instance (instantiate 0))
  (func (param "task" string) (result (result string (error string)))
    (canon lift (core func 0 "run") (memory (core memory 0 "memory")) (realloc (core func 0 "realloc"))))
  (export "run" (func 0)))"""

#: What an assembler makes of it.
NOTHING = bytes.fromhex(
    "0061736d0d00010001690061736d01000000010f0260047f7f7f7f017f60027f7f017f03030200010503010001071a03"
    "066d656d6f72790200077265616c6c6f6300000372756e00010a0d020600418080020b040041000b0b19020041000b0c"
    "0000000010000000020000000041100b027b7d0204010000000710026a017301734001047461736b7300000620030000"
    "01000372756e00020100066d656d6f727900000100077265616c6c6f63080a010000000203000401010b090100037275"
    "6e010000"
)

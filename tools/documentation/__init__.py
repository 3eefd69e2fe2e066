"""What the documents of this repository must keep: places, hops, commands, records, words."""

"""What the words of a plugin's code say: pure rules on texts and bytes, used by the checks of content."""

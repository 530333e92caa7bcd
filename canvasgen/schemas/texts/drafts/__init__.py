"""What a draft of a text says about how the text is going to be written: the order of its keys, and which parts it uses."""

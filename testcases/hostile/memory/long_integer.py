# expect: MLE | wall: memory | fact: one object that grows is bounded like many
text = b"x"
while True:
    text += text

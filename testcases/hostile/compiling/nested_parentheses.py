# expect: CE | wall: compile | fact: parentheses too deep for the parser are a compile error
print(@REPEAT 100000 (@1@REPEAT 100000 )@)

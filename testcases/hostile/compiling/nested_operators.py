# expect: CE | wall: compile | fact: operators too deep for the parser's stack end the check alone
print(@REPEAT 100000 -@1)

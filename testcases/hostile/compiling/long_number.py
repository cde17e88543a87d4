# expect: CE | wall: compile | fact: a number of a million digits is refused before it is computed
print(@REPEAT 1000000 9@)

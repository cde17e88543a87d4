# expect: CE | wall: compile | fact: an encoding that always fails is a compile error
# coding: undefined
print("reached")

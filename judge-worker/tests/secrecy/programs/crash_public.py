# @CANARY@
print("crash")

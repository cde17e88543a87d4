# expect: OK refused | wall: compile | fact: code that an encoding brings forth runs behind the same walls, and not while it is compiled
# coding: unicode_escape
import os
# \x0aopen("left", "a").write("x"); seen = os.path.getsize("left") > 1 or os.path.exists("@CANARY@")
print("reached" if seen else "refused")

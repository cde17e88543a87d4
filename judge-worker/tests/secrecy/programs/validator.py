# Tells all it knows in every file that somebody might look into.
import sys
given, answer = open(sys.argv[1]).read(), open(sys.argv[2]).read()
said = sys.stdin.read()
if said.strip() == "crash":
    raise Exception(given + answer + "@CANARY@")
for name in ("judgemessage", "teammessage", "judgeerror", "diffposition", "visualization"):
    with open(sys.argv[3] + name + ".txt", "w") as file:
        file.write("of " + given + answer + said)
print(given, answer)
print(given, answer, "@CANARY@" if given.startswith("hidden") else "", file=sys.stderr)
sys.exit(42 if said.strip() == answer.strip() else 43)

# expect: TLE | wall: cpu | fact: who sleeps until it may be forgotten is still watched when it wakes
import time

time.sleep(0.5)
while True:
    pass

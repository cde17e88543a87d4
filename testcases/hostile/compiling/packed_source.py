# expect: CE | wall: compile | fact: a source can't name a decompressor as its encoding
# coding: zlib_codec
print("reached the decompressor")

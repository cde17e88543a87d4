// expect: CE | wall: compile | fact: the preprocessor embeds no file of the host
const unsigned char stolen[] = {
#embed "@CANARY@"
};
int main() {}

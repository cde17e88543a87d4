/* Ends well without a word: an empty output is a wrong answer. */
int main(void)
{
    return 0;
}

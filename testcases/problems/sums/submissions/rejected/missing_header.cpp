// @EXPECTED_RESULTS@: COMPILER-ERROR
#include "there_is_no_such_header.hpp"

int main() {}

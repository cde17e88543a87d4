// An output that ends too early: the validator must not wait for, or assume, a second token.
process.stdout.write('1');

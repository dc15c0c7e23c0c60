#include <stddef.h>
#include <stdint.h>

// The entry of libFuzzer for a program that has a main function of its own.
int LLVMFuzzerRunDriver(int *argc, char ***argv, int (*run)(const uint8_t *bytes, size_t count));

// Lets libFuzzer look, from now on, also at the counters near those that were reached since the program began.
void fuzzer_watch_reached(void);

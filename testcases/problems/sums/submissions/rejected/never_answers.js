// @EXPECTED_RESULTS@: TIMELIMIT
// Idle: a timer keeps the event loop alive for an hour.
setTimeout(() => {}, 3600 * 1000);

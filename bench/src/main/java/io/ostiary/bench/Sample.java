package io.ostiary.bench;

/// One candidate in one round.
///
/// @param requests answered with 200
/// @param errors answered otherwise, or not at all
/// @param cpuNanosPerRequest of the candidate's whole process tree
/// @param foreignShare of the candidate's core that went to others, 0-1
/// @param p999Micros 0 where the load does not tell
/// @param residentBytes of the tree, after the round
record Sample(
    String candidate,
    long requests,
    long errors,
    double cpuNanosPerRequest,
    double foreignShare,
    long p50Micros,
    long p99Micros,
    long p999Micros,
    long residentBytes) {}

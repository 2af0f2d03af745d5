/// Side-by-side benchmarks: Ostiary, nginx and HAProxy with the same features, in one run, on one
/// core. What is judged is CPU time per request of the whole process tree, as a ratio within each
/// round; requests per second are reported but depend on the load's own core.
@NullMarked
package io.ostiary.bench;

import org.jspecify.annotations.NullMarked;

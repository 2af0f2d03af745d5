/// Access logs: one line for each call, to a file, to stdout or to syslog.
@NullMarked
package io.ostiary.insight.log;

import org.jspecify.annotations.NullMarked;

/// Captures and packets in the words that the kernel, the control plane and the console share.
@NullMarked
package io.ostiary.model.capture;

import org.jspecify.annotations.NullMarked;

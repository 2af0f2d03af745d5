/// Named sets of addresses that rules refer to, read from files and fetched from the web.
@NullMarked
package io.ostiary.kernel.sets;

import org.jspecify.annotations.NullMarked;

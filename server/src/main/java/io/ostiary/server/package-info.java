@NullMarked
package io.ostiary.server;

import org.jspecify.annotations.NullMarked;

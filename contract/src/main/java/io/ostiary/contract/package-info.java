@NullMarked
package io.ostiary.contract;

import org.jspecify.annotations.NullMarked;

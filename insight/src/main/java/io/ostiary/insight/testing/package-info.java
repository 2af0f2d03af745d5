/// Fakes and builders for the tests of other rooms.
@NullMarked
package io.ostiary.insight.testing;

import org.jspecify.annotations.NullMarked;

/// What tests of settings need, here and in other rooms.
@NullMarked
package io.ostiary.contract.testing;

import org.jspecify.annotations.NullMarked;

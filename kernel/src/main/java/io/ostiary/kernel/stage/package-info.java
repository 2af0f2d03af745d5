/// Programs that users bring: a file in a folder becomes a stage that packets meet.
@NullMarked
package io.ostiary.kernel.stage;

import org.jspecify.annotations.NullMarked;

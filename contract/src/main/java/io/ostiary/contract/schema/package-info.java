/// JSON Schema: compiling and checking, behind an interface of ours so that a faster engine can
/// take the place of the present one.
@NullMarked
package io.ostiary.contract.schema;

import org.jspecify.annotations.NullMarked;

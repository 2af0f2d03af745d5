/// Policies of a user's own: jars in a folder.
@NullMarked
package io.ostiary.server.jar;

import org.jspecify.annotations.NullMarked;

/// What every route needs to read a request and to answer it: JSON, parameters, bodies, problems.
@NullMarked
package io.ostiary.control.http;

import org.jspecify.annotations.NullMarked;

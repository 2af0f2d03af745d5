/// Who may ask what: roles, the token, sessions, and the checks every request passes before a
/// route.
@NullMarked
package io.ostiary.control.access;

import org.jspecify.annotations.NullMarked;

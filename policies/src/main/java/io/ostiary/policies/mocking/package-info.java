/// Answers made of an OpenAPI document.
@NullMarked
package io.ostiary.policies.mocking;

import org.jspecify.annotations.NullMarked;

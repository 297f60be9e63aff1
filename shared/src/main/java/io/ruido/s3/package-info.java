/** S3: the keys of images, uploads and finished jobs, and the calls for them. */
package io.ruido.s3;

/* The bounded queue between API threads and the proposer. Full means 429: the bound is memory that strangers can make us hold. */
#ifndef QIZHENG_NODE_QUEUE_H
#define QIZHENG_NODE_QUEUE_H

#include "node/submission.h"

struct queue;

enum err queue_open(size_t max, struct queue **ret) MUST_CHECK;
void queue_close(struct queue *queue); /* releases what it still holds */
/* ERR_QUEUE_FULL, ERR_DRAINING after queue_stop. The queue takes the pipeline's reference. Any thread. */
enum err queue_push(struct queue *queue, struct submission *submission) MUST_CHECK;
/* Sleeps until there is something; gives a list in order of arrival whose records fit into max_count and max_bytes (each record counts 4 bytes
 * more). NULL after queue_stop once it is empty. One thread. */
struct submission *queue_pop(struct queue *queue, size_t max_count, size_t max_bytes);
void queue_stop(struct queue *queue);
size_t queue_count(struct queue *queue);

#endif

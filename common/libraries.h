/* Libraries that read files when they are used first. */
#ifndef LIBRARIES_H
#define LIBRARIES_H

/* Have them do so now, while there are files.  Ends the program on failure. */
void	libraries_init(void);

#endif

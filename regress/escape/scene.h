/* What the escape tests attack and work with; see struct scene. */
#ifndef SCENE_H
#define SCENE_H

void	scene_make(void);
void	scene_remove(void);

#endif

/* Distances on a sphere, worked out without any server. */
#ifndef GREAT_CIRCLE_H
#define GREAT_CIRCLE_H

/* Positions in degrees, north and east positive. */
double great_circle_km(double latitude_a, double longitude_a, double latitude_b, double longitude_b);

#endif

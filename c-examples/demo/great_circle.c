/* The haversine formula, on a sphere of the radius that Redis uses. */
#include "great_circle.h"

#include <math.h>

static const double earth_radius_km = 6372.797560856;

static double radians(double degrees)
{
    return degrees * acos(-1.0) / 180.0;
}

double great_circle_km(double latitude_a, double longitude_a, double latitude_b, double longitude_b)
{
    double across = sin(radians(latitude_b - latitude_a) / 2);
    double along = sin(radians(longitude_b - longitude_a) / 2);
    double haversine = across * across + cos(radians(latitude_a)) * cos(radians(latitude_b)) * along * along;

    /* Rounding may carry antipodes a hair above 1, where asin has no value. */
    return 2 * earth_radius_km * asin(sqrt(fmin(haversine, 1.0)));
}

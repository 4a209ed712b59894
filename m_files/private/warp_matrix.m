function matrix = warp_matrix(image_size, amounts)
  % A small affine warp of images in columns, row after row of pixels, as a sparse matrix to
  % multiply them with: bilinear, at most four entries a row, zero outside.  IMAGE_SIZE is
  % [height, width].  AMOUNTS are the shifts down and to the right in pixels, the angle in radians
  % (counterclockwise), the growth of height and of width, and the shear in columns a row: about
  % the centre an image grows, then shears, then turns, then moves.
  height = image_size(1);
  width = image_size(2);
  pixels = height * width;
  middle = (image_size - 1) / 2;
  % Where each pixel comes from: the steps backwards.  Columns run along the first dimension, so
  % that pixels are numbered row after row.
  right = (0:width - 1).' - middle(2) - amounts(2);
  down = (0:height - 1) - middle(1) - amounts(1);
  cosine = cos(amounts(3));
  sine = sin(amounts(3));
  row = sine * right + cosine * down;
  column = cosine * right - sine * down - amounts(6) * row;
  row = row(:) / (1 + amounts(4)) + middle(1);
  column = column(:) / (1 + amounts(5)) + middle(2);
  top = floor(row);
  left = floor(column);
  below = row - top;
  beside = column - left;
  weight = [(1 - below) .* (1 - beside); (1 - below) .* beside; ...
            below .* (1 - beside); below .* beside];
  row = [top; top; top + 1; top + 1];
  column = [left; left + 1; left; left + 1];
  from = row * width + column + 1;
  to = repmat((1:pixels).', 4, 1);
  inside = row >= 0 & row < height & column >= 0 & column < width;
  matrix = sparse(to(inside), from(inside), weight(inside), pixels, pixels);
end

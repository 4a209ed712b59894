function shape = sparse_shape(inputs, width)
  % What the coder of sparse matrices assumes about inputs, by the WIDTH of the square image
  % that they are, 0 for none.  A nonzero at position k adds shared_by to the positions
  % shared_at(:, k) for the neurons after its own, and near_by to near_at(:, k) for its own; the
  % position behind the last stands for those outside the image.  See sparse_coder.py.
  shape.width = width;
  if width == 0
    shape.shared = ones(1, inputs + 1);
    shape.shared_at = 1:inputs;
    shape.shared_by = 0.0625;
    shape.near_at = zeros(0, inputs);
    shape.near_by = zeros(1, 0);
    shape.rate = 1;
    shape.extra = 0;
    shape.most = 0.98;
    shape.decay = 1;
    return
  end
  line = (2 * (0:width - 1) - (width - 1)) / width;
  edge = 1 - line .* line .* (line .* line);
  shape.shared = [reshape(32 * (edge.' * edge + 0.005), 1, []), 1];
  table = [0, 2; 1, 1; 2, 1; 4, 0.6; 5, 0.5];
  [shape.shared_at, shape.shared_by] = stamp(width, -2, 2, table);
  table = [1, 5.5; 2, 3.4; 4, 3; 5, 2.2; 8, 1.5; 9, 1.6; 10, 1.3; 13, 1.1; 16, 1; 17, 0.8; ...
           18, 0.75; 20, 0.5; 25, 0.5; 26, 0.4; 29, 0.2];
  [shape.near_at, shape.near_by] = stamp(width, 0, 5, table);
  shape.rate = 0.39;
  shape.extra = 2.527;
  shape.most = 0.904;
  shape.decay = 0.99;
end

function [at, by] = stamp(width, top, radius, table)
  % The neighbours of every position, a column each, and what TABLE says about their distance.
  [dx, dy] = ndgrid(-radius:radius, top:radius);
  dx = dx(:);
  dy = dy(:);
  [is_near, row] = ismember(dx.^2 + dy.^2, table(:, 1));
  is_near = is_near & (top < 0 | dy > 0 | dx > 0);
  dx = dx(is_near);
  dy = dy(is_near);
  by = table(row(is_near), 2).';
  [x, y] = ndgrid(0:width - 1, 0:width - 1);
  x = x(:).' + dx;
  y = y(:).' + dy;
  at = y * width + x + 1;
  at(x < 0 | x >= width | y < 0 | y >= width) = width^2 + 1;
end

function image_size = check_image_size(op, image_size, features)
  % Height and width of images with so many pixels; [] means square ones.
  if isequal(image_size, [])
    side = round(sqrt(features));
    if side^2 ~= features
      value_error(op, 'IMAGE_SIZE', sprintf('be given for %d features, which are no square', ...
                                            features));
    end
    image_size = [side, side];
    return
  end
  image_size = reshape(check_matrix(op, 'IMAGE_SIZE', image_size), 1, []);
  if numel(image_size) ~= 2
    value_error(op, 'IMAGE_SIZE', 'have 2 values, height and width', ...
                sprintf('%d', numel(image_size)));
  end
  for k = 1:2
    check_integer(op, 'IMAGE_SIZE', image_size(k), '[1, Inf)');
  end
  if prod(image_size) ~= features
    value_error(op, 'IMAGE_SIZE', sprintf('fit %d features', features), ...
                sprintf('%dx%d', image_size));
  end
end

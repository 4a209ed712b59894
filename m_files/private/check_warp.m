function warp = check_warp(op, options, features)
  % How images of so many pixels are warped, checked: limits for warp_amounts, batch_size and
  % image_size.
  warp.limits = [check_number(op, 'SHIFT', options.shift, '[0, Inf)'), ...
                 check_number(op, 'ROTATION', options.rotation, '[0, 180]'), ...
                 check_number(op, 'SCALE', options.scale, '[0, 1)'), ...
                 check_number(op, 'SHEAR', options.shear, '[0, Inf)')];
  warp.batch_size = check_integer(op, 'BATCH_SIZE', options.batch_size, '[1, Inf)');
  warp.image_size = check_image_size(op, options.image_size, features);
end
